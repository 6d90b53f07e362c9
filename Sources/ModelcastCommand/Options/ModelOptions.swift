import Arguments
import Catalog
import Snapshots

/// How models, versions and aliases are named on the command line.
enum ModelOptions {
    /// A version of a model, required.
    static let reference = Argument(
        "MODEL[@ALIAS|@V]", .modelReference,
        help: "A model: the version that 'production' (or ALIAS) points to, else its newest; or version V.")
    static let why = Option(
        "why", optional: .text, valueName: "TEXT", help: "The reason; kept in the audit topic.")
    static let cache = Option(
        "cache", optional: .directory, help: "Where fetched chunks are kept; without it ~/.cache/modelcast.")
    static let author = Option(
        "author", optional: .text, valueName: "NAME",
        help: "Who does it, for the catalog; without it USER@HOST.")
}

extension ValueParser where Value == ModelReference {
    /// `MODEL`, `MODEL@ALIAS` or `MODEL@V`.
    static var modelReference: Self {
        ValueParser("MODEL[@ALIAS|@V]") { text throws(ValueError) in
            do throws(CatalogError) {
                return try ModelReference(text)
            } catch {
                throw ValueError(expected: "MODEL, MODEL@ALIAS or MODEL@V: \(error.hint)")
            }
        }
    }
}

extension ValueParser where Value == ModelName {
    /// The name of a model.
    static var modelName: Self {
        ValueParser(
            "MODEL",
            expected:
                "1 to 128 letters, digits, dots, underscores and hyphens, beginning with a letter or digit"
        ) { text in
            do throws(SnapshotError) { return try ModelName(text) } catch { return nil }
        }
    }
}

extension ValueParser where Value == ModelVersion {
    /// `7` or `v7`.
    static var modelVersion: Self {
        ValueParser("VERSION", expected: "a version such as 7") { text in
            Int(text.hasPrefix("v") ? text.dropFirst() : text[...]).flatMap { ModelVersion($0) }
        }
    }
}

extension ValueParser where Value == AliasName {
    /// The name of an alias.
    static var alias: Self {
        ValueParser(
            "ALIAS", expected: "1 to 64 letters, digits, dots, underscores, hyphens, beginning with a letter"
        ) { text in
            do throws(CatalogError) { return try AliasName(text) } catch { return nil }
        }
    }
}
