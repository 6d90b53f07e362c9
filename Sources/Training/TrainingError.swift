public import Basics

/// A failure to train: of the data, the request, the fitting, or the library that fits.
public struct TrainingError: DescribedError, Equatable {
    /// What kind of failure; compared by name.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The table cannot be read.
        public static let data = Code("training-data")
        /// Rows of the table are refused; the message names their lines.
        public static let anomalies = Code("training-anomalies")
        /// The label's expression, or what it gives, is no label.
        public static let label = Code("training-label")
        /// A column that the request names is not there, or no feature is left.
        public static let columns = Code("training-columns")
        /// A part of the request has no meaning.
        public static let request = Code("training-request")
        /// The requirement is not of the form `auc>=0.8`.
        public static let requirement = Code("training-requirement")
        /// libxgboost cannot be opened.
        public static let libraryMissing = Code("training-library-missing")
        /// libxgboost refused a call.
        public static let library = Code("training-library")
        /// The numbers do not come to an end: a fit did not converge to finite weights.
        public static let diverged = Code("training-diverged")
        /// What was trained does not load or score as it should.
        public static let verification = Code("training-verification")
        /// The task was cancelled.
        public static let cancelled = Code("training-cancelled")
    }

    /// The kind of failure.
    public let code: Code
    public let message: String
    public let hint: String
    public let recovery: Recovery
    public let cause: (any Error)?

    /// A failure of kind `code`.
    public init(
        _ code: Code, _ message: String, hint: String = "", recovery: Recovery = .fixInput,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.recovery = recovery
        self.cause = cause
    }

    public var codeName: String { code.name }

    public static func == (left: TrainingError, right: TrainingError) -> Bool { left.code == right.code }
}
