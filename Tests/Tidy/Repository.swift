import Foundation

/// The files of this repository, found from where this file was compiled.
enum Repository {
    /// The folder of `Package.swift`.
    static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        repeat {
            folder.deleteLastPathComponent()
        } while folder.path != "/"
            && !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path)
        return folder
    }()

    /// Paths of all text files below the root, without what builds and tools leave behind.
    static let files: [String] = {
        let left = [".build", ".git", ".venv", "__pycache__", "node_modules"]
        let walker = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey])
        var files: [String] = []
        while let url = walker?.nextObject() as? URL {
            if left.contains(url.lastPathComponent) {
                walker?.skipDescendants()
            } else if (try? url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) ?? false {
                files.append(String(url.path.dropFirst(root.path.count + 1)))
            }
        }
        return files.sorted()
    }()

    /// The text of a file; nil when there is none, or it is no text.
    static func text(_ path: String) -> String? {
        try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// All Swift files, the manifest among them.
    static let swift: [SourceFile] = files.filter { $0.hasSuffix(".swift") }.compactMap { path in
        text(path).map { SourceFile(path: path, text: $0) }
    }

    /// The Swift files of the product.
    static let sources = swift.filter { $0.path.hasPrefix("Sources/") }

    /// Names of the test targets in the manifest, as SwiftPM names them.
    static let testTargets: [String] = {
        let manifest = text("Package.swift") ?? ""
        let suites = manifest.matches(of: /(?m)^ +tests\(\s*"(\w+)"/).map { "\($0.1)Tests" }
        return suites + manifest.matches(of: /\.testTarget\(\s*name: "(\w+)"/).map { String($0.1) }
    }()
}
