public import Basics
public import Catalog
public import Crypto
public import Snapshots

/// Something that happened to a subscription.
public struct ModelUpdate: Sendable {
    /// What happened; compared by name, so that new kinds break nobody.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// The stable name.
        public let description: String

        /// The kind called `description`.
        public init(_ description: String) { self.description = description }

        /// The catalog wants another version than the one that runs.
        public static let detected = Kind("detected")
        /// A version is live: `model` is it.
        public static let live = Kind("live")
        /// A version was refused for good, `error` says why; what ran before goes on.
        public static let refused = Kind("refused")
        /// A version could not be fetched for now; it is tried again.
        public static let delayed = Kind("delayed")
        /// The catalog has nothing that can be followed, `error` says why; what ran before goes on.
        public static let unavailable = Kind("unavailable")
    }

    /// What happened.
    public var kind: Kind
    /// What is followed.
    public var reference: ModelReference
    /// The version that this is about.
    public var version: ModelVersion?
    /// Its snapshot's digest.
    public var digest: Digest?
    /// Where the model stands when it is live. Not the model itself: updates that wait for a slow listener
    /// must not keep replaced models in memory.
    var slot: ModelSlot?
    /// The version that ran before, when another is live.
    public var previous: ModelVersion?
    /// Why not.
    public var error: ModelcastError?
    /// From detected to live.
    public var loading: Duration?
    /// What of that the steps took.
    public var steps: LoadSteps?
    /// From the manifest's time to live: two clocks, the publisher's and this machine's.
    public var sincePublished: Duration?
    /// When it happened.
    public var at: Timestamp

    /// The model of a `live` update, while it is the one that runs.
    public var model: LoadedModel? {
        guard let current = slot?.current, current.version == version, current.digest == digest else {
            return nil
        }
        return current
    }

    init(
        _ kind: Kind, _ reference: ModelReference, target: SubscriptionMachine.Target? = nil, at: Timestamp,
        error: ModelcastError? = nil
    ) {
        self.kind = kind
        self.reference = reference
        version = target?.version
        digest = target?.digest
        self.at = at
        self.error = error
    }
}

extension ModelUpdate: CustomStringConvertible {
    /// One line for people: what happened to which version, and why.
    public var description: String {
        var text = "\(reference): \(kind)"
        if let version { text += " version \(version)" }
        if let previous { text += ", before \(previous)" }
        if let error { text += ": \(error)" }
        return text
    }
}
