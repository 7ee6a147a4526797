import Broker
import Reactor
import Settings

/// Where clients are sent: the one node there is.
struct AdvertisedAddress: Hashable {
  let host: String
  let port: Int32
}

extension KafkaDoor {
  /// The address given in answers on `connection`: that of `advertised.listeners` for the listener it came by (the first
  /// where the names do not tell), else the address it came by, which the client evidently reaches.
  func advertisedAddress(for connection: KafkaConnection) -> AdvertisedAddress {
    let local = connection.socket.local
    let node = engine.settings.node
    let name = node.listeners.first { $0.port == local.port }?.name
    if let advertised = node.advertisedListeners.first(where: { $0.name == name }) ?? node.advertisedListeners.first {
      let host = advertised.host.isEmpty ? local.host : advertised.host
      return AdvertisedAddress(host: host, port: Int32(advertised.port))
    }
    return AdvertisedAddress(host: local.host, port: Int32(local.port))
  }
}
