/// What the proxy has done.
package struct ProxyCounts: Equatable, Sendable {
  package var connections = 0
  package var frames = 0
  /// Frames that were held before they went on.
  package var held = 0
  /// Frames that reached the server after their sender had gone.
  package var late = 0
  /// Connections that were cut between frames, and inside one.
  package var cuts = 0
  package var tears = 0

  package init() {}
}
