enum ReactorRoom {}
