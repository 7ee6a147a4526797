enum SimMachineRoom {}
