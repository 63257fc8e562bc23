#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::tools {

/// Writes the same facts as text for people, or as one JSON object.
class Report {
public:
    /// A number, or a text.
    struct Cell {
        Cell(std::uint64_t number) : text(std::to_string(number)), is_number(true) {}
        Cell(std::string words) : text(std::move(words)) {}
        std::string text;
        bool is_number = false;
    };

    explicit Report(bool json) : json_(json) {}

    void section(const std::string& title);
    /// The note appears only in the text.
    void fact(const std::string& key, const Cell& value, const std::string& note = "");
    /// Writes rows with one cell per column.
    void table(const std::string& title, const std::vector<std::string>& columns,
               const std::vector<std::vector<Cell>>& rows);
    void print();

private:
    void close_section();
    void table_as_json(const std::string& title, const std::vector<std::string>& columns,
                       const std::vector<std::vector<Cell>>& rows);
    void table_as_text(const std::string& title, const std::vector<std::string>& columns,
                       const std::vector<std::vector<Cell>>& rows);

    bool json_;
    bool is_open_ = false;
    std::string out_;
};

}  // namespace ringside::tools
