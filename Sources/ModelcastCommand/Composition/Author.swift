import FoundationEssentials

/// Who runs the program, as the catalog and the audit topic name it.
enum Author {
    /// `USER@HOST`.
    static var name: String {
        let process = ProcessInfo.processInfo
        let user = process.environment["USER"].flatMap { $0.isEmpty ? nil : $0 } ?? process.userName
        return "\(user.isEmpty ? "unknown" : user)@\(process.hostName)"
    }
}
