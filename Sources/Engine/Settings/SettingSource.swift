/// Where an effective value comes from, with the number DescribeConfigs gives it (KIP-226, KIP-1043).
package enum SettingSource: Int8, Sendable, Equatable {
  case topic = 1
  case dynamicBroker = 2
  case dynamicDefaultBroker = 3
  case staticBroker = 4
  case fallback = 5
  case group = 8
}
