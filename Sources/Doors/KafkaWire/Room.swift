enum KafkaWireRoom {}
