enum RecordFormatRoom {}
