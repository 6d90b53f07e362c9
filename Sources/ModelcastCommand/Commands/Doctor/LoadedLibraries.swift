import Glibc

/// The C libraries of this process, asked for their versions by name: what is loaded counts, not what it was
/// built with.
struct LoadedLibraries {
    /// A library that the program cannot start without, so only its version is in question.
    struct Library {
        let name: String
        let version: String?
    }

    /// All of them, in the order of the layers.
    static func all() -> [Library] {
        [
            Library(name: "librdkafka", version: text("rd_kafka_version_str")),
            Library(name: "SQLite", version: text("sqlite3_libversion")),
            Library(name: "zstd", version: text("ZSTD_versionString")),
            Library(name: "OpenSSL", version: openSSL()),
            Library(name: "libyaml", version: text("yaml_get_version_string")),
            Library(name: "libmicrohttpd", version: text("MHD_get_version")),
        ]
    }

    /// The result of a C function without arguments that returns a text which stays.
    private static func text(_ symbol: String) -> String? {
        guard let function = dlsym(nil, symbol) else { return nil }
        typealias Function = @convention(c) () -> UnsafePointer<CChar>?
        return unsafeBitCast(function, to: Function.self)().map { String(cString: $0) }
    }

    private static func openSSL() -> String? {
        guard let function = dlsym(nil, "OpenSSL_version") else { return nil }
        typealias Function = @convention(c) (Int32) -> UnsafePointer<CChar>?
        let text = unsafeBitCast(function, to: Function.self)(0).map { String(cString: $0) }
        return text.map { $0.split(separator: " ").dropFirst().first.map(String.init) ?? $0 }
    }
}
