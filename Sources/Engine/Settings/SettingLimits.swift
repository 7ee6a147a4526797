/// Bounds on what a user or a client may make this room keep.
package enum SettingLimits {
  /// Longest name: listener prefixes make names longer than the tables' own; twice a topic name is plenty.
  package static let nameBytes = 512
  /// Longest value in bytes: certificate chains are settings too.
  package static let valueBytes = 16 * 1024
  /// Most elements of a list.
  package static let listElements = 1_000
  /// Most overrides of one topic, group or broker: above the tables' sizes, room for per-listener names.
  package static let overrides = 512
  /// Longest name of a group that has settings of its own, in bytes: what is set stays in memory and in every checkpoint.
  package static let groupNameBytes = 255
  /// Names and values of what one group may have set, in bytes: all that there is, with the longest sensible values.
  package static let groupBytes = 2 * 1024
  /// Most groups, and brokers, that have settings of their own.
  package static let resources = 2_000
  /// Most operations on one resource in one request.
  package static let operations = 1_000
  /// Largest settings file in bytes.
  package static let fileBytes = 1024 * 1024
  /// Characters of a wrong value that an error repeats.
  package static let shownCharacters = 80
}
