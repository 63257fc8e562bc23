#pragma once

#include <string>
#include <vector>

namespace ringside::bench {

/// Rows of cells, as Markdown.
class Table {
public:
    explicit Table(const std::vector<std::string>& header) {
        add(header);
        text_ += "|";
        for (std::size_t i = 0; i < header.size(); ++i) text_ += "---|";
        text_ += "\n";
    }
    void add(const std::vector<std::string>& cells) {
        text_ += "|";
        for (const std::string& cell : cells) text_ += " " + cell + " |";
        text_ += "\n";
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

}  // namespace ringside::bench
