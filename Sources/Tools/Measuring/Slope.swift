/// How a figure drifts.
package enum Slope {
  /// The growth from one value to the next, by least squares; 0 for fewer than two.
  package static func perStep(of values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let count = Double(values.count)
    let middle = (count - 1) / 2
    let mean = values.reduce(0, +) / count
    var (above, below) = (0.0, 0.0)
    for (place, value) in values.enumerated() {
      above += (Double(place) - middle) * (value - mean)
      below += (Double(place) - middle) * (Double(place) - middle)
    }
    return above / below
  }
}
