enum SettingsRoom {}
