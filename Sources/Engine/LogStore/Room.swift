enum LogStoreRoom {}
