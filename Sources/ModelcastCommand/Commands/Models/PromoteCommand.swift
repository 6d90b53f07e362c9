import Arguments
import Basics
import Catalog
import Snapshots

/// `modelcast promote`: points an alias to a version.
struct PromoteCommand: Command {
    static let model = Argument("MODEL", .modelName, help: "The model.")
    static let version = Argument("VERSION", .modelVersion, help: "The version.")
    static let alias = Option("to", .alias, default: "production", help: "The alias that shall point to it.")
    static let expect = Option(
        "expect", optional: .expectation, valueName: "V|none",
        help: "Fail unless the alias points to version V (or does not exist) at that moment.")
    static let spec = CommandSpec(
        "promote", abstract: "Point an alias to a version; running consumers load it.",
        arguments: [model, version],
        options: [alias, expect, ModelOptions.why, ModelOptions.author] + CommonOptions.all,
        examples: [.init("modelcast promote tips 3 --to production", "Serve version 3.")], section: "Models")

    let common: CommonOptions
    let model: ModelName
    let version: ModelVersion
    let alias: AliasName
    let expect: AliasExpectation
    let why: String
    let author: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        model = try values[Self.model]
        version = try values[Self.version]
        alias = try values[Self.alias]
        expect = try values[Self.expect] ?? .any
        why = try values[ModelOptions.why] ?? ""
        author = try values[ModelOptions.author]
    }

    func run() async throws {
        try await common.withCatalog("promote") { session in
            let change = try await session.withWriter(author: author) { writer in
                try await writer.promote(model, alias, to: version, expect: expect, why: why)
            }
            try common.output.aliasMoved(change, summary: "promote")
        }
    }
}

/// `modelcast rollback`: points an alias back to what it pointed to before.
struct RollbackCommand: Command {
    static let model = Argument("MODEL", .modelName, help: "The model.")
    static let version = Option(
        "to", optional: .modelVersion, valueName: "V", help: "The version; without it, the one before.")
    static let alias = Option("alias", .alias, default: "production", help: "The alias to move.")
    static let spec = CommandSpec(
        "rollback", abstract: "Point an alias back to the version before, or to a given one.",
        arguments: [model],
        options: [version, alias, ModelOptions.why, ModelOptions.author] + CommonOptions.all,
        examples: [.init("modelcast rollback tips", "Serve what was served before the last promotion.")],
        section: "Models")

    let common: CommonOptions
    let model: ModelName
    let version: ModelVersion?
    let alias: AliasName
    let why: String
    let author: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        model = try values[Self.model]
        version = try values[Self.version]
        alias = try values[Self.alias]
        why = try values[ModelOptions.why] ?? ""
        author = try values[ModelOptions.author]
    }

    func run() async throws {
        try await common.withCatalog("rollback") { session in
            let change = try await session.withWriter(author: author) { writer in
                try await writer.rollback(model, alias, to: version, why: why)
            }
            try common.output.aliasMoved(change, summary: "rollback")
        }
    }
}

extension Output {
    /// Says where an alias points now, and where it did before.
    func aliasMoved(_ change: AliasChange, summary name: String) throws {
        let revision = change.revision
        let before = revision.replaces?.version
        if let failure = change.auditFailure {
            let text =
                "modelcast: the alias moved, but the audit topic has no record of it: \(failure.message)\n"
            try StandardStream.error.write(Array(text.utf8))
        }
        try summary(
            name,
            [
                "model": .string(revision.model.text), "alias": .string(revision.alias.text),
                "version": JSON(revision.version) { JSON($0.number) },
                "before": JSON(before) { JSON($0.number) },
                "revision": JSON(revision.revision), "attempts": JSON(change.attempts),
            ],
            text: "\(revision.model)@\(revision.alias) points to version "
                + "\(revision.version?.description ?? "–")"
                + (before.map { ", before to version \($0)" } ?? ""))
    }
}

extension ValueParser where Value == AliasExpectation {
    /// A version, or `none`.
    static var expectation: Self {
        ValueParser("V|none", expected: "a version such as 7, or none") { text in
            if text == "none" { return .absent }
            return Int(text.hasPrefix("v") ? text.dropFirst() : text[...]).flatMap { ModelVersion($0) }
                .map { .version($0) }
        }
    }
}
