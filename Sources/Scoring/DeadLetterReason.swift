internal import Features

/// Why an event became a dead letter: what a dead letter's header `modelcast-reason` says.
enum DeadLetterReason: Int, CaseIterable {
    /// The record has no value.
    case noValue
    case notJSON
    case notAnEvent
    case wrongType
    case outOfRange
    case missingRequired
    case wrongCount
    case tooLarge

    /// The reason of a fault.
    init(_ code: RowFault.Code) {
        self =
            switch code {
            case .notJSON: .notJSON
            case .notAnEvent: .notAnEvent
            case .wrongType: .wrongType
            case .outOfRange: .outOfRange
            case .missingRequired: .missingRequired
            case .wrongCount: .wrongCount
            case .tooLarge: .tooLarge
            }
    }

    /// The word in headers and metrics.
    var text: String {
        switch self {
        case .noValue: "no-value"
        case .notJSON: RowFault.Code.notJSON.rawValue
        case .notAnEvent: RowFault.Code.notAnEvent.rawValue
        case .wrongType: RowFault.Code.wrongType.rawValue
        case .outOfRange: RowFault.Code.outOfRange.rawValue
        case .missingRequired: RowFault.Code.missingRequired.rawValue
        case .wrongCount: RowFault.Code.wrongCount.rawValue
        case .tooLarge: RowFault.Code.tooLarge.rawValue
        }
    }
}
