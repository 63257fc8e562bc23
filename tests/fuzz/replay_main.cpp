#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

/// Runs a harness once over files and directories of files, without a fuzzer. So findings of the
/// fuzzers are tests, with every compiler.
extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

namespace {

void run(const std::filesystem::path& path) {
    std::fprintf(stderr, "%s\n", path.c_str());  // The last line names the file that failed.
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

}  // namespace

int main(int argc, char** argv) {
    std::set<std::filesystem::path> files;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            files.insert(argv[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            files.insert(entry.path());
        }
    }
    for (const auto& file : files) run(file);
    return files.empty() ? 2 : 0;
}
