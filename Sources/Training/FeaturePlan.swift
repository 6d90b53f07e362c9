internal import Features

/// Which columns are features, and of which kind: the schema, with what was decided about every other column.
struct FeaturePlan {
    /// Different texts of a column that the schema lists; more are hashed.
    static let categoriesListedMax = 1_000
    /// Texts that get a float of their own; the rest share one.
    static let categoriesOneHotMax = 64
    /// A text column with more different texts than this share of its rows identifies rows.
    static let identifierShare = 0.5
    /// A small table says little about what identifies a row.
    static let identifierRowsMin = 50

    let schema: Schema
    /// The columns of the features, in the schema's order.
    let columns: [FrameColumn]
    /// Why each other column is no feature.
    let excluded: [(column: String, reason: String)]
    let notices: [String]

    /// Decides for a table without a schema.
    static func infer(
        _ request: TrainingRequest, _ columns: [FrameColumn], statistics: [String: ColumnStatistics],
        derived: [FrameColumn], mentioned: Set<String>
    ) throws(TrainingError) -> FeaturePlan {
        let included = Set(request.include)
        let dropped = Set(request.exclude)
        var features: [Feature] = []
        var used: [FrameColumn] = []
        var excluded: [(String, String)] = []
        var notices: [String] = []
        for column in columns {
            guard let statistics = statistics[column.name] else { continue }
            let name = column.name
            if dropped.contains(name) {
                excluded.append((name, "left out on request"))
                continue
            }
            if name == request.idColumn {
                excluded.append((name, "it identifies rows"))
                continue
            }
            if !included.contains(name) {
                if mentioned.contains(name) {
                    excluded.append((name, "the label mentions it"))
                    notices.append(
                        "\(name) is no feature, because the label mentions it; --include \(name) makes it one"
                    )
                    continue
                }
                if let reason = uselessness(column, statistics) {
                    excluded.append((name, reason))
                    notices.append("\(name) is no feature: \(reason)")
                    continue
                }
            } else if column.type == .nested || column.type == .empty {
                throw TrainingError(
                    .columns, "\(name) cannot be a feature: it holds \(column.type.rawValue) values")
            }
            let usedColumn = request.categorical.contains(name) ? column.asCategories() : column
            features.append(feature(usedColumn, statistics, isRequired: request.required.contains(name)))
            used.append(usedColumn)
        }
        for column in derived {
            features.append(feature(column, ColumnStatistics(column), isRequired: false))
            used.append(column)
            notices.append("\(column.name) is computed in SQL: events must carry it under that name")
        }
        guard !features.isEmpty else {
            throw TrainingError(.columns, "no feature is left", hint: "include a column with --include")
        }
        return FeaturePlan(
            schema: try schema(features), columns: used, excluded: excluded, notices: notices)
    }

    /// Takes the features of a given schema.
    static func given(
        _ schema: Schema, _ request: TrainingRequest, _ columns: [FrameColumn], derived: [FrameColumn],
        mentioned: Set<String>
    ) throws(TrainingError) -> FeaturePlan {
        let known = Dictionary((columns + derived).map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        let dropped = Set(request.exclude)
        let included = Set(request.include)
        var notices: [String] = []
        var features: [Feature] = []
        var used: [FrameColumn] = []
        for feature in schema.features {
            if dropped.contains(feature.name) { continue }
            if mentioned.contains(feature.name), !included.contains(feature.name) {
                notices.append(
                    "\(feature.name) is no feature, because the label mentions it; "
                        + "--include \(feature.name) makes it one"
                )
                continue
            }
            guard let column = known[feature.name] else {
                throw TrainingError(
                    .anomalies, "the schema's feature \(feature.name) is no column of the table",
                    hint: "check the table, or leave the feature out of the schema")
            }
            features.append(feature)
            used.append(feature.kind == .categorical ? column.asCategories() : column)
        }
        guard !features.isEmpty else { throw TrainingError(.columns, "no feature of the schema is left") }
        let names = Set(features.map(\.name))
        let excluded = columns.filter { !names.contains($0.name) }.map {
            ($0.name, mentioned.contains($0.name) ? "the label mentions it" : "the schema does not name it")
        }
        return FeaturePlan(
            schema: try self.schema(features), columns: used, excluded: excluded, notices: notices)
    }

    /// Why a column would teach a model nothing, or too much; nil when it is fit.
    private static func uselessness(_ column: FrameColumn, _ statistics: ColumnStatistics) -> String? {
        let present = statistics.count - statistics.missing
        if column.type == .nested { return "it holds arrays or objects" }
        if present == 0 { return "it has no value in any row" }
        if statistics.distinct == 1 {
            return statistics.missing == 0
                ? "it has the same value in every row"
                : "it has one value only, in \(present) of \(statistics.count) rows"
        }
        guard present >= identifierRowsMin else { return nil }
        if column.type == .text, Double(statistics.distinct) > identifierShare * Double(present) {
            return
                "\(statistics.distinct) different texts in \(present) rows identify rows "
                + "rather than describe them"
        }
        let lower = column.name.lowercased()
        let isNamedLikeOne =
            lower == "id" || lower == "index" || lower.hasSuffix("_id") || column.name.hasSuffix("Id")
            || lower.hasPrefix("unnamed_")
        if column.type == .integer, isNamedLikeOne, statistics.distinct == present {
            return "its numbers are all different and identify rows"
        }
        return nil
    }

    private static func feature(
        _ column: FrameColumn, _ statistics: ColumnStatistics, isRequired: Bool
    ) -> Feature {
        switch column.values {
        case .codes(_, let categories):
            return Feature(
                column.name, .categorical, isRequired: isRequired,
                categories: categories.count <= categoriesListedMax ? categories : [])
        case .numbers:
            if column.type == .boolean { return Feature(column.name, .boolean, isRequired: isRequired) }
            return Feature(
                column.name, column.type == .integer ? .integer : .float, isRequired: isRequired,
                range: range(statistics))
        }
    }

    /// What was seen, and as much again on both sides (but nothing below zero where nothing was): wide enough
    /// for new data, narrow enough for a wrong unit.
    private static func range(_ statistics: ColumnStatistics) -> ClosedRange<Double>? {
        guard let minimum = statistics.minimum, let maximum = statistics.maximum else { return nil }
        let span = maximum - minimum
        guard span.isFinite, (maximum + span).isFinite, (minimum - span).isFinite else { return nil }
        return (minimum >= 0 ? 0 : minimum - span)...max(maximum + span, 0)
    }

    private static func schema(_ features: [Feature]) throws(TrainingError) -> Schema {
        do throws(FeatureError) {
            return try Schema(features)
        } catch {
            throw TrainingError(.columns, error.message, hint: error.hint, cause: error)
        }
    }
}

extension FrameColumn {
    /// The column with its numbers as texts.
    func asCategories() -> FrameColumn {
        guard case .numbers(let numbers) = values else { return self }
        let texts = numbers.map { number -> String? in
            if number.isNaN { return nil }
            if type == .boolean { return number == 0 ? "false" : "true" }
            return Int64(exactly: number).map(String.init) ?? number.description
        }
        return FrameColumn.categories(name: name, texts)
    }

    /// A column of texts.
    static func categories(name: String, _ texts: [String?]) -> FrameColumn {
        var counts: [String: Int] = [:]
        for text in texts { if let text { counts[text, default: 0] += 1 } }
        let order = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        let codes = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, Int32($0)) })
        return FrameColumn(
            name: name, type: .text,
            values: .codes(texts.map { $0.flatMap { codes[$0] } ?? -1 }, categories: order))
    }
}
