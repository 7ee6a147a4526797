/// What groups may hold, beside what the settings allow. Each bounds memory that clients decide about.
package enum GroupLimits {
  /// Groups of a node: a name costs a few hundred bytes, and anyone may commit an offset under a new one.
  package static let groups = 100_000
  /// Members of one classic group, whatever `group.max.size` says: a join's answer to the leader lists them all.
  package static let members = 10_000
  /// Ids given out to members of one group that have not come back with them.
  package static let pendingMembers = 10_000
  /// Bytes of the protocols one classic member offers.
  package static let protocolBytes = 1 << 20
  /// Bytes of what one member of a consumer group says of itself, and topics it may name.
  package static let subscriptionBytes = 1 << 20
  package static let subscribedTopics = 100_000
  /// Bytes of a record of a group or a member: it has to fit a batch, and a batch fits one unit of the journal.
  package static let recordBytes = 8 << 20
  /// Offsets of one group, committed and staged.
  package static let offsets = 1_000_000
  /// Records of one write of an expiry or a deletion: a large group is cleared in several.
  package static let recordsPerWrite = 10_000
}
