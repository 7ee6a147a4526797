/// The groups by id, and about how many bytes all of them take: whatever changes a group, in place or as a whole, changes
/// the sum.
struct GroupTable {
  private var groups: [String: GroupCoordinator.Group] = [:]
  private(set) var bytes = 0

  var count: Int { groups.count }
  var keys: some Collection<String> { groups.keys }
  var values: some Collection<GroupCoordinator.Group> { groups.values }

  subscript(id: String) -> GroupCoordinator.Group? {
    get { groups[id] }
    _modify {
      bytes -= size(of: id)
      defer { bytes += size(of: id) }
      yield &groups[id]
    }
  }

  /// The group; one of which nothing is known yet is made where there is none.
  subscript(making id: String) -> GroupCoordinator.Group {
    get { groups[id] ?? GroupCoordinator.Group(id: id) }
    _modify {
      bytes -= size(of: id)
      defer { bytes += size(of: id) }
      yield &groups[id, default: GroupCoordinator.Group(id: id)]
    }
  }

  private func size(of id: String) -> Int { groups[id].map { Self.nameBytes(id) + $0.bytes } ?? 0 }

  /// A group's name is the key of several tables.
  static func nameBytes(_ id: String) -> Int { 3 * id.utf8.count }

  /// What `bytes` must be, from all that is there.
  var recountedBytes: Int {
    groups.reduce(0) {
      $0 + GroupBytes.group + Self.nameBytes($1.key) + $1.value.membership.recountedBytes
        + $1.value.offsets.recountedBytes
    }
  }
}
