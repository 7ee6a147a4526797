enum BrokerRoom {}
