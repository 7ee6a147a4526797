import Broker
import Reactor
import Settings

/// Where clients are sent: the one node there is.
struct AdvertisedAddress: Hashable {
  let host: String
  let port: Int32
}

extension KafkaDoor {
  /// The address given in answers on `connection`: `advertised.listeners` where it is set, else the address the client
  /// came by.
  func advertisedAddress(for connection: KafkaConnection) -> AdvertisedAddress {
    if let advertised = engine.settings.node.advertisedListeners.first {
      return AdvertisedAddress(host: advertised.host, port: Int32(advertised.port))
    }
    let local = connection.socket.local
    return AdvertisedAddress(host: local.host, port: Int32(local.port))
  }
}
