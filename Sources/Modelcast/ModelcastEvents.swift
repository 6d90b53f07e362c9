internal import Basics
internal import Catalog
internal import Crypto
internal import EventLog
internal import Snapshots
internal import Telemetry

extension LogKey {
    static let model = LogKey("model")
    static let version = LogKey("version")
    static let digest = LogKey("digest")
    static let offset = LogKey("offset")
    static let code = LogKey("code")
    static let reason = LogKey("reason")
    static let hint = LogKey("hint")
    static let duration = LogKey("duration")
    static let sincePublished = LogKey("sincePublished")
    static let chunks = LogKey("chunks")
    static let sent = LogKey("sentChunks")
}

/// A version is visible to every consumer.
struct VersionPublished: InternalEvent {
    let publication: Publication

    func write(to log: Log) {
        log.info(
            "version published",
            [
                .model: .string(publication.manifest.model.text),
                .version: .init(publication.manifest.version.number),
                .digest: .string(publication.manifest.digest.hex), .chunks: .init(publication.chunkCount),
                .sent: .init(publication.sentChunks), .duration: .duration(publication.duration),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_publications_total", help: "Versions that were published.").increment()
        metrics.histogram("modelcast_publication_seconds", help: "From the call to visible.")
            .observe(publication.duration)
    }
}

/// A version was not published.
struct PublicationFailed: InternalEvent {
    let model: ModelName
    let error: ModelcastError

    func write(to log: Log) {
        log.error(
            "publication failed",
            [
                .model: .string(model.text), .code: .string(error.codeName), .reason: .string(error.message),
                .hint: .string(error.hint),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_publication_failures_total", help: "Versions that were not published.")
            .increment()
    }
}

/// This process scores with another version from now on.
struct ModelIsLive: InternalEvent {
    let model: LoadedModel
    let loading: Duration
    let sincePublished: Duration?

    func write(to log: Log) {
        log.info(
            "model is live",
            [
                .model: .string(model.name.text), .version: .init(model.version.number),
                .digest: .string(model.digest.hex), .duration: .duration(loading),
                .sincePublished: .duration(sincePublished ?? .zero),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_model_swaps_total", help: "Versions that became live.").increment()
        metrics.gauge(
            "modelcast_model_version", help: "The version that is live.", labels: ["model": model.name.text]
        ).set(model.version.number)
        metrics.histogram("modelcast_model_load_seconds", help: "From detected to live.").observe(loading)
        if let sincePublished {
            metrics.histogram("modelcast_publish_to_live_seconds", help: "From the manifest's time to live.")
                .observe(sincePublished)
        }
    }
}

/// This process will not run a version; it keeps the one that it has.
struct ModelRefused: InternalEvent {
    let model: ModelName
    let version: ModelVersion
    let error: ModelcastError

    func write(to log: Log) {
        log.error(
            "model refused",
            [
                .model: .string(model.text), .version: .init(version.number), .code: .string(error.codeName),
                .reason: .string(error.message), .hint: .string(error.hint),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter(
            "modelcast_model_refusals_total", help: "Versions that this process would not run.",
            labels: ["code": error.codeName]
        ).increment()
    }
}

/// A record of the catalog was damaged or breaks the rules; it counts as if it were not there.
struct CatalogRecordSkipped: InternalEvent {
    let model: ModelName
    let report: CatalogFollower.Report

    func write(to log: Log) {
        log.error(
            "catalog record skipped",
            [
                .model: .string(model.text), .offset: .init(Int(report.offset.number)),
                .reason: .string(report.reason),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter(
            "modelcast_catalog_records_skipped_total",
            help: "Records of the catalog that were damaged or break the rules."
        ).increment()
    }
}

/// A version could not be fetched for now; it is tried again.
struct ModelDelayed: InternalEvent {
    let model: ModelName
    let version: ModelVersion
    let error: ModelcastError

    func write(to log: Log) {
        log.warning(
            "model delayed",
            [
                .model: .string(model.text), .version: .init(version.number), .code: .string(error.codeName),
                .reason: .string(error.message),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_model_retries_total", help: "Fetches that are tried again.").increment()
    }
}

/// The fleet or audit topic could not be written.
struct ReportNotSent: InternalEvent {
    let error: any DescribedError

    func write(to log: Log) {
        log.warning("report not sent", [.code: .string(error.codeName), .reason: .string(error.message)])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter(
            "modelcast_reports_unsent_total", help: "Fleet and audit records that were not written."
        )
        .increment()
    }
}
