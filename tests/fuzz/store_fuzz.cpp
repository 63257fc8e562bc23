#include <algorithm>
#include <fstream>
#include <set>

#include "broker/engine/survey.hpp"
#include "broker/store/store.hpp"
#include "broker/store/stored_value.hpp"
#include "shm/document/json.hpp"
#include "shm/name/name.hpp"
#include "tests/fuzz/support/input.hpp"
#include "tests/fuzz/support/segment_image.hpp"
#include "tests/support/temporary_directory.hpp"

/// The content of a store whose files were damaged or written by another program, read as by a
/// broker that starts from it. The database itself is left out: it takes milliseconds, and its
/// treatment of damaged files is not part of this project. The first byte selects whether the rest
/// is the file STORE or records:
///   record: what it is | name up to a line's end | three words of the header | document up to a
///   line's end, as JSON or raw
using namespace ringside;
using broker::StoredRecord;
using fuzz::require;

namespace {

constexpr unsigned is_json = 1;          ///< the document's line is JSON
constexpr unsigned has_no_checksum = 2;  ///< only other bytes in its place
constexpr unsigned is_line = 4;          ///< the value consists of that line only

class Directory {
public:
    Result<broker::Store::Identity> identify_as(std::string_view text) const {
        std::ofstream(directory_ / "STORE", std::ios::binary | std::ios::trunc) << text;
        return broker::Store::identify(directory_.path());
    }

private:
    testing::TemporaryDirectory directory_;
};

void read_identity(std::string_view text) {
    static const Directory directory;
    const auto identity = directory.identify_as(text);
    if (identity) {
        require(identity->id != 0 && identity->format <= broker::Store::format, "it is whole");
    } else {
        const Errc code = identity.error().code;
        require(code == Errc::store_damaged || code == Errc::store_format, identity.error().text());
    }
}

/// Returns the value of a record, valid or not.
std::string value_of(fuzz::Input& input, unsigned what, std::string_view name) {
    StoredRecord record{name,
                        {},
                        input.number<std::uint16_t>(),
                        input.number<std::uint16_t>(),
                        input.number<std::uint32_t>() * 1000ULL};
    const std::string_view line = input.text_until('\n');
    if ((what & is_line) != 0) return std::string(line);
    Bytes bytes(line.begin(), line.end());
    const auto document = document_from_json(line);
    if ((what & is_json) != 0 && document) bytes = *document;
    record.document = bytes;
    broker::ValueHeader header = broker::header_of(record);
    if ((what & has_no_checksum) != 0) header.checksum = header.revision;
    std::string value(reinterpret_cast<const char*>(&header), sizeof header);
    value.append(bytes.begin(), bytes.end());
    return value;
}

/// Starts a broker from its store: each name occurs once, and names are in order.
void begin_from(fuzz::Input& input) {
    constexpr Revision reached = 0xFFFF;
    auto segment =
        shm::Segment::create_anonymous({.memory_bytes = 8ULL << 20, .ring_entries = 64}).value();
    broker::Grid grid(segment.view(), fuzz::plain_host(), {});
    std::vector<std::uint64_t> words;
    std::set<std::string, std::less<>> names;
    for (int records = 0; records < 32 && !input.empty(); ++records) {
        const unsigned what = input.number();
        const std::string name(input.text_until('\n'));
        const std::string value = value_of(input, what, name);
        const auto record = broker::read_value(name, value, words);
        if (!record || !names.insert(name).second) continue;
        require(grid.restore(*record).has_value(), "there is room");
    }
    grid.finish_restore(reached);
    broker::Survey survey(segment.view());
    const auto fits = survey.run();
    require(fits.has_value(), "the grid fits: " + (fits ? "" : fits.error().text()));
    // Definitions of indexes are not user records.
    const auto users = std::count_if(names.begin(), names.end(),
                                     [](const auto& name) { return !is_reserved(name); });
    require(survey.live == static_cast<std::uint64_t>(users), "all its records are there");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    if (input.number() % 2 == 0) read_identity(input.text());
    else begin_from(input);
    return 0;
}
