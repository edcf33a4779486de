//! A bar chart as SVG, without external files, readable in light and dark mode.

use super::Bars;
use crate::figures::written;

const WIDTH: u32 = 760;
/// The left edge of the bars; names are left of it.
const LEFT: u32 = 270;
/// The longest bar; its figure is right of it.
const MAX_BAR_WIDTH: f64 = 380.0;
const ROW: u32 = 26;
const TITLE: u32 = 40;
const GAP: u32 = 18;

const STYLE: &str = "text{font:14px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.figure{font-size:13px}\
                     .bar{fill:#8c959f}.ours{fill:#0969da}\
                     @media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.ours{fill:#58a6ff}}";

/// Draws the groups below each other. Bars whose name starts with Evergrant are highlighted.
#[must_use]
pub fn draw(groups: &[&Bars]) -> String {
    let (mut body, mut y) = (String::new(), 8);
    for group in groups {
        body.push_str(&text("title", 12, y + 24, &format!("{} ({})", group.title, group.unit)));
        y += TITLE;
        let largest = group.figures.iter().map(|(_, figure)| *figure).fold(f64::MIN_POSITIVE, f64::max);
        for (name, figure) in &group.figures {
            body.push_str(&bar(name, *figure, (figure / largest).clamp(0.0, 1.0) * MAX_BAR_WIDTH, y));
            y += ROW;
        }
        y += GAP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" width=\"{WIDTH}\" height=\"{y}\" \
         role=\"img\"><title>Figures of a run</title><style>{STYLE}</style>\n{body}</svg>\n"
    )
}

fn bar(name: &str, figure: f64, length: f64, y: u32) -> String {
    let class = if name.starts_with("Evergrant") { "ours" } else { "bar" };
    let end = f64::from(LEFT) + length + 8.0;
    format!(
        "{}<rect class=\"{class}\" x=\"{LEFT}\" y=\"{}\" width=\"{:.1}\" height=\"18\" rx=\"2\"/>\n\
         <text class=\"figure\" x=\"{end:.1}\" y=\"{}\">{}</text>\n",
        text("name", 12, y + 15, name),
        y + 1,
        length.max(1.0),
        y + 15,
        escape(&written(figure)),
    )
}

fn text(class: &str, x: u32, y: u32, text: &str) -> String {
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>\n", escape(text))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_the_longest_bar_fits() {
        let figures = vec![("Evergrant <b>".to_owned(), 50.0), ("other".to_owned(), 100.0)];
        let drawn = draw(&[&Bars { title: "speed & more".to_owned(), unit: "req/s", figures }]);
        assert!(drawn.contains("Evergrant &lt;b&gt;") && drawn.contains("speed &amp; more"));
        assert!(drawn.contains("width=\"190.0\"") && drawn.contains("width=\"380.0\""));
    }
}
