#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "shm/base/errc.hpp"
#include "shm/base/limits.hpp"
#include "tools/ringside/load/input_text.hpp"

namespace ringside::tools {

/// The JSON text of one record, or why the input has none at this place.
struct InputRecord {
    std::uint64_t line = 0;                              ///< where it begins
    Result<std::string_view> json = std::string_view();  ///< valid until the next record is read
};

/// Divides an input into records.
class RecordSource {
public:
    virtual ~RecordSource() = default;

    /// Returns false at the end of the input. Errors: file_unreadable, bad_json or bad_input if the
    /// rest of the input cannot be divided into records; the detail begins with the line.
    virtual Result<bool> next(InputRecord& record) = 0;
};

/// Maximum size of one record as text, including the name that `dump` prints.
inline constexpr std::size_t record_text_bytes_max = limits::written_bytes_max + 65'536;

/// One value in each line that is not blank.
[[nodiscard]] std::unique_ptr<RecordSource> make_json_lines(InputText& input);

/// The elements of an array, or consecutive values in any layout.
[[nodiscard]] std::unique_ptr<RecordSource> make_json_values(InputText& input);

struct CsvOptions {
    char delimiter = ',';
    /// Declares columns: "price:number,zip:string"; string, integer, number, boolean or json.
    std::string types;
};

/// Rows of CSV (RFC 4180) below a header, each as an object with a member for each column. An empty
/// field is null, or an empty string if it is quoted. Values of columns that are not declared are
/// numbers or booleans if they are written as such in JSON and lose nothing: "007" and integers
/// beyond 64 bits stay strings.
/// Errors: bad_usage (types), bad_input (the header), file_unreadable.
[[nodiscard]] Result<std::unique_ptr<RecordSource>> make_csv_rows(InputText& input,
                                                                  const CsvOptions& options);

/// "jsonl", "json" or "csv": the extension of the path decides, then how the text begins.
/// Errors: bad_input (neither JSON nor named as CSV), file_unreadable.
[[nodiscard]] Result<std::string> detect_format(InputText& input, std::string_view path);

}  // namespace ringside::tools
