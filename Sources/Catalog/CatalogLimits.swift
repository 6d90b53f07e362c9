/// Every bound of this module, with its unit.
public struct CatalogLimits: Sendable, Hashable {
    /// Models of a catalog; records of further ones are reported and skipped.
    public var modelsMax = 100_000
    /// Versions of one model that are known at once.
    public var versionsMax = 100_000
    /// Aliases of one model.
    public var aliasesMax = 1_000
    /// Claims of one model that lost and were not withdrawn.
    public var losersMax = 10_000
    /// Tries to get a version number or alias revision while others race for it.
    public var attemptsMax = 1_000
    /// How long to wait for the catalog's reader to see what the log already has.
    public var catchUpTimeout: Duration = .seconds(30)
    /// How often a question for the state as of now looks whether the log has grown meanwhile.
    public var endChecksMax = 20
    /// How long one read of the catalog waits for a record; a tenth of it while somebody waits for an end.
    public var idleWait: Duration = .milliseconds(500)
    /// How long the reader waits before it tries again after a failure of the log.
    public var retryDelay: Duration = .milliseconds(200)
    /// Reports of skipped records that are kept, the newest.
    public var reportsMax = 100

    /// The defaults.
    public init() {}
}
