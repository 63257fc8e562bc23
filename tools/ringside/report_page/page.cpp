#include "tools/ringside/report_page/page.hpp"

#include <fmt/format.h>

namespace ringside::tools {

namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --ink: #1f2937; --paper: #ffffff; --faint: #6b7280;
  --rule: #e5e7eb; --series-1: #2563eb; --series-2: #d97706; --series-3: #059669;
  --series-4: #db2777; --series-5: #7c3aed; --series-6: #64748b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e5e7eb; --paper: #111827; --faint: #9ca3af;
  --rule: #374151; --series-1: #60a5fa; --series-2: #fbbf24; --series-3: #34d399;
  --series-4: #f472b6; --series-5: #a78bfa; --series-6: #94a3b8; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: var(--ink);
  background: var(--paper); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; }
.when, .empty { color: var(--faint); }
figure { margin: 1rem 0; }
h1, h2, p { overflow-wrap: anywhere; }
.chart { max-width: 100%; height: auto; } .narrow { display: none; }
@media (max-width: 600px) { body { margin: 1rem auto; } .wide { display: none; }
  .narrow { display: block; } }
.rows { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid var(--rule);
  text-align: left; vertical-align: top; }
th { font-weight: 600; } .number { text-align: right; }
)";

/// Returns whether a column contains only numbers, which are aligned to the right.
bool is_of_numbers(const ReportTable& table, std::size_t column) {
    bool has_number = false;
    for (const auto& row : table.rows) {
        if (row[column].number) has_number = true;
        else if (!row[column].text.empty()) return false;
    }
    return has_number;
}

std::vector<bool> columns_of_numbers(const ReportTable& table) {
    std::vector<bool> found;
    for (std::size_t i = 0; i < table.columns.size(); ++i) found.push_back(is_of_numbers(table, i));
    return found;
}

std::string when(const Page& page) {
    return fmt::format("Grid {}, revision {}, {}", page.grid, page.revision, page.time);
}

/// Escapes characters that Markdown or HTML would interpret.
std::string markdown(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '<') safe += "&lt;";
        else if (c == '&') safe += "&amp;";
        else if (std::string_view("\\`*_{}[]|#~").find(c) != std::string_view::npos)
            safe.append(1, '\\') += c;
        else safe += c;
    }
    return safe;
}

std::string markdown_table(const ReportTable& table) {
    std::string text = "|";
    for (const std::string& column : table.columns) text += " " + markdown(column) + " |";
    text += "\n|";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        text += is_of_numbers(table, i) ? " ---: |" : " --- |";
    }
    text += '\n';
    for (const auto& row : table.rows) {
        text += '|';
        for (const auto& cell : row) text += " " + markdown(cell.text) + " |";
        text += '\n';
    }
    return text;
}

std::string html_row(const std::vector<bool>& is_number, const char* tag,
                     const std::vector<std::string>& cells) {
    std::string text = "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const bool is_heading = std::string_view(tag) == "th";
        text += fmt::format("<{}{}{}>{}</{}>", tag, is_heading ? " scope=\"col\"" : "",
                            is_number[i] ? " class=\"number\"" : "", escaped(cells[i]), tag);
    }
    return text + "</tr>\n";
}

std::string html_table(const ReportTable& table) {
    if (table.rows.empty()) return "<p class=\"empty\">Nothing was found.</p>\n";
    const std::vector<bool> is_number = columns_of_numbers(table);
    std::string text = "<div class=\"rows\"><table>\n<thead>" +
                       html_row(is_number, "th", table.columns) + "</thead>\n<tbody>\n";
    for (const auto& row : table.rows) {
        std::vector<std::string> cells;
        cells.reserve(row.size());
        for (const auto& cell : row) cells.push_back(cell.text);
        text += html_row(is_number, "td", cells);
    }
    return text + "</tbody>\n</table></div>\n";
}

std::string html_paragraphs(const std::vector<std::string>& paragraphs) {
    std::string text;
    for (const std::string& paragraph : paragraphs) text += "<p>" + escaped(paragraph) + "</p>\n";
    return text;
}

}  // namespace

std::string as_markdown(const Page& page) {
    std::string text = fmt::format("# {}\n\n{}\n", markdown(page.title), markdown(when(page)));
    for (const std::string& paragraph : page.paragraphs) text += "\n" + markdown(paragraph) + "\n";
    for (const PageSection& section : page.sections) {
        text += "\n## " + markdown(section.name) + "\n";
        for (const std::string& paragraph : section.paragraphs) {
            text += "\n" + markdown(paragraph) + "\n";
        }
        if (!section.chart.empty()) text += "\n" + section.chart;
        text += section.table.rows.empty() ? "\nNothing was found.\n"
                                           : "\n" + markdown_table(section.table);
    }
    return text;
}

std::string as_html(const Page& page) {
    const std::string title = escaped(page.title);
    std::string text = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n"
        "<p class=\"when\">{}</p>\n",
        title, style, title, escaped(when(page)));
    text += html_paragraphs(page.paragraphs);
    for (const PageSection& section : page.sections) {
        text += "<section>\n<h2>" + escaped(section.name) + "</h2>\n" +
                html_paragraphs(section.paragraphs);
        if (!section.chart.empty()) {
            text += "<figure>\n" + section.chart + section.narrow_chart + "</figure>\n";
        }
        text += html_table(section.table) + "</section>\n";
    }
    return text + "</main>\n</body>\n</html>\n";
}

}  // namespace ringside::tools
