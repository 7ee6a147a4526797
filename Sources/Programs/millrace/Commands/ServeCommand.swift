import Glibc
import MillraceServer

/// `millrace serve`: the server, until SIGTERM or SIGINT.
enum ServeCommand {
  static func run(_ arguments: [String]) -> Int32 {
    var configuration = Server.Configuration(folder: "./millrace-data")
    configuration.kafka = [("127.0.0.1", 9092)]
    configuration.log = { say($0) }
    configuration.failed = { reason in
      say("the disk failed, nothing more is acknowledged: \(reason); start again to recover")
      exit(74)
    }
    var rest = arguments[...]
    while let flag = rest.popFirst() {
      switch flag {
      case "--memory": configuration.folder = nil
      case "--data": configuration.folder = rest.popFirst()
      case "--kafka", "--http":
        guard let address = rest.popFirst(), let colon = address.lastIndex(of: ":"),
          let port = UInt16(address[address.index(after: colon)...])
        else { return usage("\(flag) needs HOST:PORT") }
        let found = (String(address[..<colon]), port)
        if flag == "--kafka" { configuration.kafka = [found] } else { configuration.http = found }
      case "--set":
        guard let pair = rest.popFirst(), let sign = pair.firstIndex(of: "=") else {
          return usage("--set needs name=value")
        }
        configuration.settings[String(pair[..<sign])] = String(pair[pair.index(after: sign)...])
      default: return usage("unknown option '\(flag)'")
      }
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
    Server.tuneProcessMemory()
    let server: Server
    do throws(ServerError) {
      server = try Server(configuration)
    } catch {
      say(error.description)
      return error.isRetriable ? 75 : error.code == .settings ? 64 : 74
    }
    say(server.recovery)
    let http = server.httpAddress.map { " http=\($0)" } ?? ""
    print("millrace ready kafka=\(server.kafkaAddresses.joined(separator: ","))\(http)")
    fflush(nil)
    var caught: Int32 = 0
    sigwait(&signals, &caught)
    server.stop()
    return 0
  }

  private static func usage(_ problem: String) -> Int32 {
    say("\(problem)\nusage: millrace serve [--data DIR | --memory] [--kafka HOST:PORT] [--http HOST:PORT] [--set name=value]...")
    return 64
  }

  private static func say(_ line: String) {
    var text = "millrace: \(line)\n"
    text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
  }
}
