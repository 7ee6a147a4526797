/// The effective settings of one group: overrides over the broker's layers over defaults. Times in milliseconds.
package struct GroupSettings: Equatable, Sendable {
  /// What consumer, share and streams groups have in common.
  package struct Membership: Equatable, Sendable {
    /// `session.timeout.ms` of the kind.
    package let sessionTimeoutMs: Int32
    /// `heartbeat.interval.ms` of the kind.
    package let heartbeatIntervalMs: Int32
    /// `assignment.interval.ms` of the kind.
    package let assignmentIntervalMs: Int32

    /// All of it, as given.
    package init(sessionTimeoutMs: Int32, heartbeatIntervalMs: Int32, assignmentIntervalMs: Int32) {
      self.sessionTimeoutMs = sessionTimeoutMs
      self.heartbeatIntervalMs = heartbeatIntervalMs
      self.assignmentIntervalMs = assignmentIntervalMs
    }
  }

  /// `consumer.*`.
  package let consumer: Membership
  /// `share.*`.
  package let share: Membership
  /// `streams.*`.
  package let streams: Membership
  /// `share.auto.offset.reset`.
  package let shareAutoOffsetReset: ShareStart
  /// Whether share groups pass over open and aborted transactions.
  package let shareReadsCommitted: Bool
  /// `share.delivery.count.limit`.
  package let shareDeliveryCountLimit: Int32
  /// `share.partition.max.record.locks`.
  package let sharePartitionMaxRecordLocks: Int32
  /// `share.record.lock.duration.ms`.
  package let shareRecordLockDurationMs: Int32
  /// `share.renew.acknowledge.enable`.
  package let shareRenewAcknowledge: Bool
  /// `streams.initial.rebalance.delay.ms`.
  package let streamsInitialRebalanceDelayMs: Int32
  /// `streams.num.standby.replicas`.
  package let streamsStandbyReplicas: Int32

  /// The settings of a group with `overrides` as they were stored.
  package init(_ overrides: [String: String], layers: BrokerLayers) {
    func value(_ name: String) -> SettingValue? {
      guard let setting = SettingCatalogue.definition(name, of: .group) else { return nil }
      return layers.value(of: setting, overriddenBy: overrides, as: .group)
    }
    func int(_ name: String) -> Int32 {
      guard case .integer(let number) = value(name) else { return 0 }
      return Int32(clamping: number)
    }
    func membership(_ kind: String) -> Membership {
      Membership(
        sessionTimeoutMs: int("\(kind).session.timeout.ms"), heartbeatIntervalMs: int("\(kind).heartbeat.interval.ms"),
        assignmentIntervalMs: int("\(kind).assignment.interval.ms"))
    }
    consumer = membership("consumer")
    share = membership("share")
    streams = membership("streams")
    shareAutoOffsetReset = value("share.auto.offset.reset").flatMap { ShareStart($0.text) } ?? .latest
    shareReadsCommitted = value("share.isolation.level") == .text("read_committed")
    shareDeliveryCountLimit = int("share.delivery.count.limit")
    sharePartitionMaxRecordLocks = int("share.partition.max.record.locks")
    shareRecordLockDurationMs = int("share.record.lock.duration.ms")
    shareRenewAcknowledge = value("share.renew.acknowledge.enable") == .boolean(true)
    streamsInitialRebalanceDelayMs = int("streams.initial.rebalance.delay.ms")
    streamsStandbyReplicas = int("streams.num.standby.replicas")
  }

  /// Refuses overrides outside the bounds that the broker sets for groups, and heartbeats rarer than sessions last.
  static func check(_ overrides: [String: String], layers: BrokerLayers) throws(SettingError) {
    for bound in bounds {
      guard let text = overrides[bound.name], let number = Int64(text) else { continue }
      if let low = bound.low, case .integer(let least) = layers.value(of: low), number < least {
        throw SettingError(.conflict, "\(bound.name) (\(number)) is below \(low) (\(least))")
      }
      if let high = bound.high, case .integer(let most) = layers.value(of: high), number > most {
        throw SettingError(.conflict, "\(bound.name) (\(number)) is above \(high) (\(most))")
      }
    }
    let settings = GroupSettings(overrides, layers: layers)
    for (kind, membership) in [
      ("consumer", settings.consumer), ("share", settings.share), ("streams", settings.streams),
    ] where membership.heartbeatIntervalMs >= membership.sessionTimeoutMs {
      throw SettingError(
        .conflict,
        "\(kind).heartbeat.interval.ms (\(membership.heartbeatIntervalMs)) is not below "
          + "\(kind).session.timeout.ms (\(membership.sessionTimeoutMs))")
    }
  }

  /// A group setting and the broker settings that bound it.
  private struct Bound {
    let name: String
    let low: String?
    let high: String?
  }

  private static let bounds: [Bound] =
    ["consumer", "share", "streams"].flatMap { kind in
      ["session.timeout.ms", "heartbeat.interval.ms", "assignment.interval.ms"].map { setting in
        Bound(
          name: "\(kind).\(setting)", low: "group.\(kind).min.\(setting)", high: "group.\(kind).max.\(setting)")
      }
    }
    + ["delivery.count.limit", "partition.max.record.locks", "record.lock.duration.ms"].map { setting in
      Bound(name: "share.\(setting)", low: "group.share.min.\(setting)", high: "group.share.max.\(setting)")
    } + [Bound(name: "streams.num.standby.replicas", low: nil, high: "group.streams.max.standby.replicas")]
}
