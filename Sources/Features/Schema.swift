/// The features that a model is given, in order: names, types, what may be missing, what is known of their
/// values.
///
/// Travels with the model as `schema.json`; its layout is in `Schema+Coding.swift`.
public struct Schema: Hashable, Sendable {
    /// The features, in the order in which an event with an array has them.
    public let features: [Feature]

    /// A schema of these features.
    ///
    /// - Throws: ``FeatureError`` when a name is empty, too long or there twice, or when a range or the
    /// categories make no sense for the feature's kind.
    public init(_ features: [Feature], limits: FeatureLimits = FeatureLimits()) throws(FeatureError) {
        guard (1...limits.featuresMax).contains(features.count) else {
            throw FeatureError(
                .schema, "a schema has 1 to \(limits.featuresMax) features, not \(features.count)")
        }
        var names: Set<String> = []
        for feature in features {
            try feature.validate(limits)
            guard names.insert(feature.name).inserted else {
                throw FeatureError(.schema, "the feature `\(feature.name)` is there twice")
            }
        }
        self.features = features
    }

    /// The schema of a model that came without one: float features that may be missing, of the given names,
    /// or `f0`, `f1`, … where there are none.
    public static func floats(names: [String]?, count: Int) throws(FeatureError) -> Schema {
        try Schema((names ?? (0..<count).map { "f\($0)" }).map { Feature($0, .float) })
    }

    /// The place of a feature, from 0; nil when there is none of that name. Takes time in proportion to the
    /// schema.
    public func index(of name: String) -> Int? { features.firstIndex { $0.name == name } }
}

/// One feature of a schema.
public struct Feature: Hashable, Sendable {
    /// The types of features.
    public enum Kind: String, Sendable, CaseIterable {
        /// A number.
        case float
        /// A whole number.
        case integer
        /// `true` or `false`; 1 and 0 are allowed. 1 and 0 in a row.
        case boolean
        /// A text from a set. An event may give a whole number instead, whose digits are the text. In a row,
        /// its place among the categories.
        case categorical
    }

    /// The field's name in an event and the column's in a table.
    public let name: String
    /// Its type.
    public let kind: Kind
    /// Whether an event without it is refused. `null` counts as missing.
    public let isRequired: Bool
    /// The values to be expected of a number. Training and monitoring check it; scoring does not refuse other
    /// values.
    public let range: ClosedRange<Double>?
    /// The known texts of a categorical feature; empty when any text is to be expected. An unknown one is no
    /// fault.
    public let categories: [String]

    /// A feature of that name and type.
    public init(
        _ name: String, _ kind: Kind, isRequired: Bool = false, range: ClosedRange<Double>? = nil,
        categories: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.range = range
        self.categories = categories
    }

    fileprivate func validate(_ limits: FeatureLimits) throws(FeatureError) {
        guard (1...limits.nameBytesMax).contains(name.utf8.count) else {
            throw FeatureError(
                .schema, "a feature's name has 1 to \(limits.nameBytesMax) bytes, not \(name.utf8.count)")
        }
        if let range {
            guard kind == .float || kind == .integer, range.lowerBound.isFinite, range.upperBound.isFinite
            else {
                throw FeatureError(
                    .schema, "the feature `\(name)` is \(kind.rawValue) and cannot have this range")
            }
        }
        guard categories.isEmpty || kind == .categorical else {
            throw FeatureError(
                .schema, "the feature `\(name)` is \(kind.rawValue) and cannot have categories")
        }
        guard categories.count <= limits.categoriesMax,
            categories.allSatisfy({ $0.utf8.count <= limits.nameBytesMax })
        else { throw FeatureError(.schema, "the feature `\(name)` has too many or too long categories") }
        guard Set(categories).count == categories.count else {
            throw FeatureError(.schema, "the feature `\(name)` has a category twice")
        }
    }
}
