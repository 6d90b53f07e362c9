public import Snapshots

/// Which version of a model: `MODEL`, `MODEL@ALIAS` or `MODEL@V` (`fare`, `fare@staging`, `fare@7`;
/// `fare@v7` is the same).
///
/// `MODEL` alone means the version that the alias `production` points to; where that alias does not exist,
/// the newest version.
public struct ModelReference: Hashable, Sendable, CustomStringConvertible {
    /// What follows the model's name.
    public enum Selector: Hashable, Sendable {
        /// Nothing.
        case standard
        /// An alias.
        case alias(AliasName)
        /// A version.
        case version(ModelVersion)
    }

    /// The model.
    public var model: ModelName
    /// What follows the model's name.
    public var selector: Selector

    /// A version of `model`.
    public init(_ model: ModelName, _ selector: Selector = .standard) {
        self.model = model
        self.selector = selector
    }

    /// Reads `MODEL[@ALIAS|@V]`; throws `invalidName`.
    public init(_ text: String) throws(CatalogError) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        do throws(SnapshotError) {
            model = try ModelName(parts[0])
        } catch {
            throw CatalogError(.invalidName, error.message, hint: error.hint)
        }
        if parts.count == 1 {
            selector = .standard
        } else if let version = ModelReference.version(in: parts[1]) {
            selector = .version(version)
        } else {
            selector = .alias(try AliasName(parts[1]))
        }
    }

    public var description: String {
        switch selector {
        case .standard: model.text
        case .alias(let alias): "\(model)@\(alias)"
        case .version(let version): "\(model)@\(version)"
        }
    }

    /// The version that `7` and `v7` name.
    static func version(in text: String) -> ModelVersion? {
        let digits = text.hasPrefix("v") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits)
        else {
            return nil
        }
        return ModelVersion(number)
    }
}
