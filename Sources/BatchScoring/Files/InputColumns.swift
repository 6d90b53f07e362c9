internal import Features

/// Finds the features and the key among the columns of a CSV file. Pure.
struct InputColumns {
    /// The file, for messages.
    let file: String
    /// Its columns; without a header, named after the features by their place.
    let columns: [String]
    /// Whether the names stand in the file.
    let hasHeader: Bool
    /// The key column, if one was named.
    let key: String?
    /// The model's features.
    let schema: Schema

    /// Features without a column.
    var missingFeatures: [String] {
        hasHeader ? schema.features.map(\.name).filter { !columns.contains($0) } : []
    }

    /// The file is another model's.
    var noFeatureError: BatchError {
        BatchError(
            .columns, "\(file): none of the model's features is among the columns",
            hint:
                "the model wants \(Self.list(schema.features.map(\.name))); "
                + "the file has \(Self.list(columns))"
        )
    }

    /// The column of each feature and of the key.
    func resolve() throws(BatchError) -> CellColumns {
        hasHeader ? try byName() : try byPosition()
    }

    private func byName() throws(BatchError) -> CellColumns {
        if let key, !columns.contains(key) {
            throw BatchError(
                .keyColumn, "\(file): there is no column `\(key)`",
                hint: "the columns are \(Self.list(columns))")
        }
        let names = schema.features.map(\.name)
        guard missingFeatures.count < names.count else { throw noFeatureError }
        let required = schema.features.filter { $0.isRequired && !columns.contains($0.name) }.map(\.name)
        guard required.isEmpty else {
            throw BatchError(
                .columns, "\(file): no column for the required \(Self.list(required))",
                hint: "the file has \(Self.list(columns))")
        }
        return CellColumns(header: columns, schema: schema, idColumn: key, timestampColumn: nil)
    }

    private func byPosition() throws(BatchError) -> CellColumns {
        let position = key.flatMap { Int($0) }
        let names = schema.features.map(\.name)
        if let key, position == nil, !names.contains(key) {
            throw BatchError(
                .keyColumn, "\(file): there is no header, so no column `\(key)`",
                hint: "give the key as the column's number from 0, or the file a header")
        }
        let expected = names.count + (position == nil ? 0 : 1)
        guard columns.count == expected, position ?? 0 < columns.count, position ?? 0 >= 0 else {
            throw BatchError(
                .columns, "\(file): \(columns.count) columns without a header, where \(expected) are needed",
                hint: "a header names the columns; without one they are \(Self.list(names))"
                    + (position == nil ? "" : " and the key"))
        }
        if let position { return CellColumns(positionsOf: schema, idColumn: position) }
        return CellColumns(header: names, schema: schema, idColumn: key, timestampColumn: nil)
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).map { "`\($0)`" }.joined(separator: ", ")
        return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
    }
}
