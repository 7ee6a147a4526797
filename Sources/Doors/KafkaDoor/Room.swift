enum KafkaDoorRoom {}
