internal import Basics
public import Catalog
public import EventLog
internal import Models
public import Snapshots

extension ModelLoader {
    /// Fetches and loads the version that `reference` names now, once: for jobs that use one version from
    /// beginning to end. Every check of a subscription is made.
    public func load(
        _ reference: ModelReference, from log: any EventLog, topics: TopicNames = TopicNames(),
        folders: LocalFolders = .standard, limits: SnapshotLimits = SnapshotLimits()
    ) async throws(ModelcastError) -> LoadedModel {
        do {
            let follower = try await CatalogFollower.start(log: log, topics: topics, snapshotLimits: limits)
            let state = await follower.state
            await follower.close()
            let manifest = try state.resolve(reference)
            let cache = try folders.cache.map { try ChunkCache(folder: $0, bytesMax: limits.cacheBytesMax) }
            let reader = SnapshotReader(log: log, topic: topics.chunks, cache: cache, limits: limits)
            let files = try await read(manifest, reader)
            return try load(
                ModelFiles(files, modelFile: manifest.modelFile, format: ModelFormat(name: manifest.format)),
                name: manifest.model, version: manifest.version, digest: manifest.digest, manifest: manifest)
        } catch let error as ModelcastError {
            throw error
        } catch let error as any DescribedError {
            throw ModelcastError(error, at: reference.description)
        } catch {
            throw ModelcastError(.notLive, "\(reference): \(error)", recovery: .bug, cause: error)
        }
    }

    private func read(
        _ manifest: Manifest, _ reader: SnapshotReader
    ) async throws(SnapshotError) -> [String: [UInt8]] {
        do throws(SnapshotError) {
            let files = try await reader.read(manifest) {
                ModelFiles.isNeeded($0, modelFile: manifest.modelFile)
            }
            await reader.close()
            return files
        } catch {
            await reader.close()
            throw error
        }
    }
}
