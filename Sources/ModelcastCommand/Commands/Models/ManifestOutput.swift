import Basics
import Catalog
import Crypto
import EventLog
import Snapshots

/// How a version is printed.
struct ManifestOutput {
    let manifest: Manifest
    let aliases: [AliasName]

    init(_ manifest: Manifest, in entry: ModelEntry) {
        self.manifest = manifest
        aliases = entry.aliases(of: manifest.version)
    }

    static let columns: [Table.Column] = [
        .text("model"), .number("version"), .text("aliases"), .text("format"), .number("size"),
        .text("digest"),
        .text("created"), .text("publisher"),
    ]

    var cells: [String] {
        [
            manifest.model.text, manifest.version.description, aliases.map(\.text).joined(separator: ","),
            manifest.format, Units.bytes(manifest.byteCount), String(manifest.digest.hex.prefix(12)),
            manifest.createdAt.description, manifest.publisher,
        ]
    }

    /// The members of a line of `models list`.
    var members: [JSON.Member] {
        [
            JSON.Member("model", .string(manifest.model.text)),
            JSON.Member("version", JSON(manifest.version.number)),
            JSON.Member("aliases", .array(aliases.map { .string($0.text) })),
            JSON.Member("digest", .string(manifest.digest.hex)),
            JSON.Member("format", .string(manifest.format)),
            JSON.Member("bytes", .integer(manifest.byteCount)),
            JSON.Member("createdAt", .string(manifest.createdAt.description)),
            JSON.Member("publisher", .string(manifest.publisher)),
        ]
    }

    /// Everything that the manifest says.
    func details(_ contents: SnapshotContents) -> JSON {
        .object(
            members + [
                JSON.Member("modelFile", .string(manifest.modelFile)),
                JSON.Member(
                    "files",
                    .array(
                        contents.files.map {
                            [
                                "path": .string($0.path), "bytes": .integer($0.size),
                                "digest": .string($0.digest.hex),
                            ]
                        })),
                JSON.Member("chunks", JSON(contents.chunks.count)),
                JSON.Member("metrics", Self.object(manifest.metrics) { .number($0) }),
                JSON.Member("parameters", Self.object(manifest.parameters) { .string($0) }),
                JSON.Member("lineage", lineage),
            ])
    }

    private var lineage: JSON {
        let lineage = manifest.lineage
        return [
            "dataDigest": JSON(lineage.dataDigest) { .string($0.hex) },
            "codeRevision": JSON(lineage.codeRevision) { .string($0) },
            "parentVersion": JSON(lineage.parentVersion) { JSON($0.number) },
            "events": .array(
                lineage.events.map {
                    [
                        "topic": .string($0.partition.topic.text),
                        "partition": JSON($0.partition.partition.number),
                        "from": .integer($0.from.number), "to": .integer($0.to.number),
                    ]
                }),
        ]
    }

    private static func object<Value>(_ values: [String: Value], _ make: (Value) -> JSON) -> JSON {
        .object(values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, make($0.value)) })
    }

    /// The details as lines for people.
    func text(_ contents: SnapshotContents) -> String {
        var lines = [
            "\(manifest.model)@\(manifest.version)"
                + (aliases.isEmpty ? "" : "  (\(aliases.map(\.text).joined(separator: ", ")))"),
            "  digest      \(manifest.digest.hex)", "  format      \(manifest.format)",
            "  created     \(manifest.createdAt) by \(manifest.publisher)",
        ]
        let files = contents.files.map { "\($0.path) (\(Units.bytes($0.size)))" }
        lines.append("  files       " + files.joined(separator: ", "))
        if !manifest.metrics.isEmpty {
            let metrics = manifest.metrics.sorted { $0.key < $1.key }.map {
                "\($0.key) \(Units.measure($0.value))"
            }
            lines.append("  metrics     " + metrics.joined(separator: ", "))
        }
        if !manifest.parameters.isEmpty {
            let parameters = manifest.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            lines.append("  parameters  " + parameters.joined(separator: ", "))
        }
        if let parent = manifest.lineage.parentVersion { lines.append("  parent      \(parent)") }
        if let digest = manifest.lineage.dataDigest { lines.append("  data        \(digest.hex)") }
        for span in manifest.lineage.events {
            lines.append("  events      \(span.partition) from \(span.from) to \(span.to)")
        }
        return lines.map(Table.printable).joined(separator: "\n")
    }
}
