/// Rows of float32 with the zeros left out (compressed sparse rows): one-hot columns make most of them zero.
struct SparseRows: Sendable {
    let columnCount: Int
    private(set) var starts: [Int] = [0]
    private(set) var columns: [Int32] = []
    private(set) var values: [Double] = []

    var count: Int { starts.count - 1 }

    /// `rows` are dense, one behind the other; a missing value (NaN) counts as zero, as the predictor has it.
    init(dense rows: [Float], columnCount: Int) {
        self.columnCount = columnCount
        guard columnCount > 0 else { return }
        starts.reserveCapacity(rows.count / columnCount + 1)
        var column: Int32 = 0
        for value in rows {
            if value != 0, !value.isNaN {
                columns.append(column)
                values.append(Double(value))
            }
            column += 1
            if column == columnCount {
                starts.append(columns.count)
                column = 0
            }
        }
    }
}
