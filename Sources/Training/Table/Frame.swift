internal import SQLite

/// A column in memory.
struct FrameColumn: Sendable {
    enum Values: Sendable {
        /// Not a number where missing.
        case numbers([Double])
        /// Indices of the categories, -1 where missing; the categories by falling frequency, then by text.
        case codes([Int32], categories: [String])
    }

    let name: String
    let type: ColumnType
    let values: Values

    var count: Int {
        switch values {
        case .numbers(let numbers): numbers.count
        case .codes(let codes, _): codes.count
        }
    }

    var isMissing: (Int) -> Bool {
        switch values {
        case .numbers(let numbers): { numbers[$0].isNaN }
        case .codes(let codes, _): { codes[$0] < 0 }
        }
    }

    /// The rows at `indices`, in that order.
    func selecting(_ indices: [Int]) -> FrameColumn {
        let values: Values =
            switch self.values {
            case .numbers(let numbers): .numbers(indices.map { numbers[$0] })
            case .codes(let codes, let categories): .codes(indices.map { codes[$0] }, categories: categories)
            }
        return FrameColumn(name: name, type: type, values: values)
    }
}

extension Table {
    /// Reads one column whole.
    func frameColumn(_ column: TableColumn) throws(TrainingError) -> FrameColumn {
        do throws(SQLiteError) {
            let statement = try connection.prepare(
                "SELECT \(TableLoader.quoted(column.name)) FROM data ORDER BY rowid")
            if column.type.isNumeric || column.type == .empty {
                var numbers: [Double] = []
                numbers.reserveCapacity(rowCount)
                while try statement.step() { numbers.append(statement.isNull(0) ? .nan : statement.real(0)) }
                return FrameColumn(name: column.name, type: column.type, values: .numbers(numbers))
            }
            var codes: [Int32] = []
            codes.reserveCapacity(rowCount)
            var known: [String: Int32] = [:]
            var names: [String] = []
            var counts: [Int] = []
            while try statement.step() {
                guard let text = statement.text(0) else {
                    codes.append(-1)
                    continue
                }
                let code = known[text] ?? Int32(names.count)
                if Int(code) == names.count {
                    known[text] = code
                    names.append(text)
                    counts.append(0)
                }
                counts[Int(code)] += 1
                codes.append(code)
            }
            let order = names.indices.sorted { (counts[$1], names[$0]) < (counts[$0], names[$1]) }
            var renamed = [Int32](repeating: 0, count: names.count)
            for (new, old) in order.enumerated() { renamed[old] = Int32(new) }
            return FrameColumn(
                name: column.name, type: column.type,
                values: .codes(
                    codes.map { $0 < 0 ? -1 : renamed[Int($0)] }, categories: order.map { names[$0] }))
        } catch {
            throw TableLoader.failure(error)
        }
    }
}
