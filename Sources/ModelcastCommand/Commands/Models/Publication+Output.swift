import Basics
import Catalog
import Crypto
import Modelcast
import Snapshots

extension CatalogSession {
    /// Publishes, with a progress line.
    func publish(
        _ request: PublicationRequest, author: String?, cache: String?
    ) async throws -> Publication {
        var options = PublisherOptions()
        options.topics = topics
        options.author = author ?? Author.name
        options.folders = Self.folders(cache: cache)
        options.catalog = follower
        options.instruments = instruments
        let publisher = try await Publisher(log: log, options: options)
        let progress = Progress("publishing", isBytes: true)
        do {
            let publication = try await publisher.publish(request) { state in
                // Everything is sent once and read back once.
                progress.update(
                    Int(state.sentBytes + state.checkedBytes), of: Int(2 * state.totalBytes),
                    note: state.phase.rawValue)
            }
            progress.finish()
            await publisher.close()
            return publication
        } catch {
            progress.finish()
            await publisher.close()
            throw error
        }
    }
}

extension Output {
    /// Says what was published.
    func published(_ publication: Publication, summary name: String) throws {
        let manifest = publication.manifest
        if let failure = publication.auditFailure {
            let text = "modelcast: the version is published, but the audit topic has no record of it: "
            try StandardStream.error.write(Array("\(text)\(failure.message)\n".utf8))
        }
        let alias = publication.aliasChange?.revision.alias
        try summary(
            name,
            [
                "model": .string(manifest.model.text), "version": JSON(manifest.version.number),
                "digest": .string(manifest.digest.hex), "format": .string(manifest.format),
                "bytes": .integer(manifest.byteCount), "files": JSON(manifest.fileCount),
                "chunks": JSON(publication.chunkCount), "sentChunks": JSON(publication.sentChunks),
                "sentBytes": .integer(publication.sentBytes), "attempts": JSON(publication.attempts),
                "alias": JSON(alias) { .string($0.text) },
                "durationMilliseconds": .rounded(publication.duration.milliseconds),
            ],
            text: "published \(manifest.model)@\(manifest.version) (\(manifest.format), "
                + "\(Units.bytes(manifest.byteCount)), "
                + "\(publication.sentChunks) of \(publication.chunkCount) chunks sent) "
                + "in \(Units.duration(publication.duration))" + (alias.map { "; \($0) points to it" } ?? ""))
    }
}
