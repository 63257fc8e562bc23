#include "tools/ringside/query/prompt.hpp"

#include <fmt/format.h>

#include "tools/ringside/query/completion.hpp"
#include "tools/ringside/query/line_editor.hpp"
#include "tools/ringside/query/query_shell.hpp"

namespace ringside::tools {

void run_prompt(const Client& client, const QueryOptions& options, const RowStyle& style) {
    LineEditor editor("query_history");
    editor.complete_with(QueryCompletion(options.open(client).tables()));
    QueryShell shell(client, options, style,
                     [&editor](const std::string& text) { editor.remember(text); });
    print_line(fmt::format("Grid {}. SQL ends with ';'. See .help.", client.grid()), true);
    for (;;) {
        const auto line = editor.read(shell.is_in_statement() ? "     ...> " : "ringside> ");
        if (line.what == LineEditor::What::end) return;
        if (line.what == LineEditor::What::interrupt) shell.abandon_statement();
        else if (!shell.take(line.text)) return;
    }
}

}  // namespace ringside::tools
