import Glibc

extension Server {
  /// How a server is made.
  public struct Configuration: Sendable {
    /// Descriptors that files and everything else may need beside the connections.
    private static let otherDescriptors = 2_000
    /// Connections that are accepted in any case.
    private static let leastConnections = 100
    /// Connections of one address beyond this machine, where `max.connections.per.ip` does not say.
    static let connectionsPerAddress: Int32 = 1_000
    /// New ones of such an address in a second, where `max.connection.creation.rate` does not say.
    static let connectionsPerSecond: Int32 = 200

    /// Connections that are accepted together, where `max.connections` does not say: what the limit of descriptors
    /// leaves.
    static var connectionsByDescriptors: Int {
      var limit = rlimit()
      guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return leastConnections }
      let descriptors = Int(clamping: limit.rlim_cur)
      return max(descriptors / 2, leastConnections, descriptors - otherDescriptors)
    }

    /// The data folder; nil keeps everything in memory.
    public var folder: String?
    /// What a server in memory may hold, in bytes.
    public var memoryBytes: Int64 = 1 << 30
    /// Where Kafka clients are accepted; port 0 chooses a free one.
    public var kafka: [(host: String, port: UInt16)] = [("127.0.0.1", 0)]
    /// Where metrics and health are served; nil: nowhere.
    public var http: (host: String, port: UInt16)?
    /// Settings under Kafka's names; they win over the file and the environment.
    public var settings: [String: String] = [:]
    /// Variables `MILLRACE_...` are read from here.
    public var environment: [String: String] = [:]
    /// A settings file: its name for errors, and its text.
    public var file: (name: String, text: String)?
    /// Takes lines for the log, on the engine's thread.
    public var log: @Sendable (String) -> Void = { _ in }
    /// Called when the disk has failed in a way that only ending the process is left for: nothing is acknowledged any
    /// more.
    public var failed: @Sendable (String) -> Void = { _ in }

    /// A server on `folder`, in memory without one; everything else as it is by default.
    public init(folder: String? = nil) { self.folder = folder }
  }
}

/// Why a server could not start.
public struct ServerError: Error, CustomStringConvertible {
  /// An open set: more may come.
  public struct Code: Hashable, Sendable {
    let name: String
    /// A setting is wrong.
    public static let settings = Code(name: "settings")
    /// The data folder cannot be used as it is.
    public static let folder = Code(name: "folder")
    /// The data are damaged, or newer than this program; nothing was changed.
    public static let damaged = Code(name: "damaged")
    /// Another process has the data folder open.
    public static let locked = Code(name: "locked")
    /// An address cannot be listened on.
    public static let listen = Code(name: "listen")
    /// The system refused a thread or a descriptor.
    public static let system = Code(name: "system")
  }

  /// What kind of failure it is.
  public let code: Code
  /// What failed and what to do next, for a person.
  public let description: String
  /// Starting again later may succeed.
  public var isRetriable: Bool { code == .locked || code == .listen || code == .system }

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
