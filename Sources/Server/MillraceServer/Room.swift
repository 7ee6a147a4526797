enum MillraceServerRoom {}
