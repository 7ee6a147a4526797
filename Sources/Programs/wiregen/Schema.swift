/// The versions `first` to `last` of a message; empty when `last` is smaller.
package struct VersionRange: Equatable {
  package var first: Int
  package var last: Int

  package init(first: Int, last: Int) {
    self.first = first
    self.last = last
  }

  var all: [Int] { first <= last ? Array(first...last) : [] }

  func contains(_ version: Int) -> Bool { version >= first && version <= last }
}

/// A type as a schema file names it.
indirect enum FieldType: Equatable {
  case bool, int8, int16, uint16, int32, uint32, int64, float64, uuid, string, bytes, records
  /// Records that may stay where they are: the message then has only their length, and its sender puts them in.
  case sentRecords
  case structure(String)
  case array(FieldType)

  /// The scalar or text type of that name.
  init?(primitive name: String) {
    switch name {
    case "bool": self = .bool
    case "int8": self = .int8
    case "int16": self = .int16
    case "uint16": self = .uint16
    case "int32": self = .int32
    case "uint32": self = .uint32
    case "int64": self = .int64
    case "float64": self = .float64
    case "uuid": self = .uuid
    case "string": self = .string
    case "bytes": self = .bytes
    case "records": self = .records
    case "sent_records": self = .sentRecords
    default: return nil
    }
  }

  /// The Swift type, without its optionality.
  var swiftName: String {
    switch self {
    case .bool: "Bool"
    case .int8: "Int8"
    case .int16: "Int16"
    case .uint16: "UInt16"
    case .int32: "Int32"
    case .uint32: "UInt32"
    case .int64: "Int64"
    case .float64: "Double"
    case .uuid: "UniqueID"
    case .string: "String"
    case .bytes: "[UInt8]"
    case .records, .sentRecords: "ByteSlice"
    case .structure(let name): name
    case .array(let element): "[\(element.swiftName)]"
    }
  }

  /// Whether the value has a structure of its own inside.
  var structureName: String? {
    switch self {
    case .structure(let name): name
    case .array(let element): element.structureName
    default: nil
    }
  }
}

/// One field of a structure.
struct Field {
  var name: String
  var type: FieldType
  var versions: VersionRange
  /// The versions in which it may be null; nil when never.
  var nullable: VersionRange?
  var tag: Int?
  /// The default as the schema file writes it; nil for zero, empty or null.
  var defaultText: String?
  /// The fields of the structure, for structures and arrays of them.
  var children: [Field] = []

  /// Whether the property is an optional. Records always are: they are lent from the request, or absent.
  var isOptional: Bool { nullable != nil || type == .records || type == .sentRecords }

  /// The property's name: `topic_id` becomes `topicId`.
  var propertyName: String { camelCase(name) }

  /// The property that holds how many bytes the sender puts in the field's place, where it may.
  var gapName: String? { type == .sentRecords ? propertyName + "Gap" : nil }
}

/// A message or a record layout: what becomes one top-level structure.
struct MessageSchema {
  var name: String
  var about: String
  var versions: VersionRange
  /// The first flexible version; nil when there is none.
  var flexible: Int?
  var recordType: Int?
  /// Whether its arrays are worth code of their own.
  var isHot = false
  var fields: [Field] = []

  func isFlexible(_ version: Int) -> Bool { flexible.map { version >= $0 } ?? false }
}

/// An API with its two messages.
struct APISchema {
  var key: Int
  var name: String
  var versions: VersionRange
  var flexible: Int?
  /// The newest version that may be advertised.
  var stable: Int
}

/// One parsed schema file.
struct SchemaFile {
  /// The file's name without its ending; also the generated file's.
  var name: String
  var api: APISchema?
  var messages: [MessageSchema]
}

/// A line of the error table.
struct ErrorEntry {
  var code: Int
  var name: String
  var isRetriable: Bool
}

/// `snake_case` or `UPPER_CASE` as `camelCase`.
func camelCase(_ name: String) -> String {
  let words = name.lowercased().split(separator: "_")
  return words.enumerated().map { $0.offset == 0 ? String($0.element) : capitalized(String($0.element)) }.joined()
}

/// The text with its first letter in upper case.
func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

/// The text with its first letter in lower case.
func uncapitalized(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }
