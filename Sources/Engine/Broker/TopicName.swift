/// The rules for topic names: 1 to 249 of letters, digits, `.`, `_` and `-`; neither `.` nor `..`.
package enum TopicName {
  package static let maximumLength = 249

  /// What is wrong with `name`, or nil.
  package static func fault(in name: String) -> String? {
    if name.isEmpty { return "a topic name may not be empty" }
    if name == "." || name == ".." { return "a topic may not be named '.' or '..'" }
    guard name.utf8.count <= maximumLength else {
      return "a topic name may have at most \(maximumLength) characters; this one has \(name.utf8.count)"
    }
    guard name.utf8.allSatisfy(isAllowed) else {
      return "a topic name may hold only letters, digits, '.', '_' and '-'"
    }
    return nil
  }

  /// Topics that Millrace itself writes; clients read them but neither create nor delete them.
  package static func isInternal(_ name: String) -> Bool {
    name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state"
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
