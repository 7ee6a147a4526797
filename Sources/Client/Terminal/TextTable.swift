/// Rows in aligned columns under a line of titles.
package struct TextTable {
  private let titles: [String]
  /// Columns of numbers, by place: they are aligned at their right end.
  private let rightAligned: Set<Int>
  private var rows: [[String]] = []

  /// A table with those titles.
  package init(_ titles: [String], rightAligned: Set<Int> = []) {
    self.titles = titles
    self.rightAligned = rightAligned
  }

  /// Adds a row; cells beyond the titles are left out.
  package mutating func add(_ cells: [String]) { rows.append(Array(cells.prefix(titles.count))) }

  /// The table, every line ended.
  package var text: String {
    let all = [titles] + rows
    let widths = titles.indices.map { column in
      all.reduce(0) { max($0, column < $1.count ? $1[column].count : 0) }
    }
    var text = ""
    for row in all {
      var line = ""
      for (column, cell) in row.enumerated() {
        let gap = String(repeating: " ", count: widths[column] - cell.count)
        line += (column > 0 ? "  " : "") + (rightAligned.contains(column) ? gap + cell : cell + gap)
      }
      while line.last == " " { line.removeLast() }
      text += line + "\n"
    }
    return text
  }
}
