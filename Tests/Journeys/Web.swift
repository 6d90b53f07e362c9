import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A look at what a service serves.
enum Web {
    /// The status and the body of an address.
    static func get(_ address: String) async throws -> (status: Int, body: String) {
        guard let url = URL(string: address) else { return (0, "") }
        let (data, response) = try await URLSession.shared.data(from: url)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
    }
}
