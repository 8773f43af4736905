-- +goose Up

-- How the shop's chat greets and looks, as JSON; no row while everything is as the chat has it.
CREATE TABLE chat_look (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    look     jsonb   NOT NULL
);

-- +goose Down
DROP TABLE chat_look;
