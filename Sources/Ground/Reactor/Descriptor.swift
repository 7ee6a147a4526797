import Glibc

/// An open descriptor with one owner; closed when the owner lets go of it.
struct Descriptor: ~Copyable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  /// The descriptor that a system call answered, or its error.
  init(of call: String, _ answer: Int32) throws(SystemError) {
    guard answer >= 0 else { throw SystemError(call: call, code: errno) }
    number = answer
  }

  deinit { _ = close(number) }

  /// Gives the number away; the taker closes it.
  consuming func take() -> Int32 {
    let taken = number
    discard self
    return taken
  }
}
