-- The extension and the tables that the other inputs read.
\getenv source PG_ABS_SRCDIR
CREATE EXTENSION mlops;
SET mlops.progress = off;

\set file :source '/test/data/iris.csv'
CREATE TABLE iris (sepal_length float8, sepal_width float8, petal_length float8, petal_width float8, species text);
COPY iris FROM :'file' (FORMAT csv, HEADER);

\set file :source '/test/data/penguins.csv'
CREATE TABLE penguins (species text, island text, bill_length_mm float8, bill_depth_mm float8, flipper_length_mm int,
	body_mass_g int, sex text);
COPY penguins FROM :'file' (FORMAT csv, HEADER);

\set file :source '/test/data/diabetes.csv'
CREATE TABLE diabetes (age float8, sex float8, bmi float8, bp float8, tc float8, ldl float8, hdl float8, tch float8,
	ltg float8, glu float8, progression float8);
COPY diabetes FROM :'file' (FORMAT csv, HEADER);

\set file :source '/test/data/longley.csv'
CREATE TABLE longley (obs int, totemp float8, gnpdefl float8, gnp float8, unemp float8, armed float8, pop float8, year float8);
COPY longley FROM :'file' (FORMAT csv, HEADER);

\set file :source '/test/data/mpg.csv'
CREATE TABLE mpg (manufacturer text, model text, displ float8, year int, cyl int, trans text, drv text, cty int, hwy int,
	fl text, class text);
COPY mpg FROM :'file' (FORMAT csv, HEADER);

\set file :source '/test/data/breast_cancer.csv'
CREATE TABLE breast_cancer (mean_radius float8, mean_texture float8, mean_perimeter float8, mean_area float8,
	mean_smoothness float8, mean_compactness float8, mean_concavity float8, mean_concave_points float8, mean_symmetry float8,
	mean_fractal_dimension float8, radius_error float8, texture_error float8, perimeter_error float8, area_error float8,
	smoothness_error float8, compactness_error float8, concavity_error float8, concave_points_error float8,
	symmetry_error float8, fractal_dimension_error float8, worst_radius float8, worst_texture float8, worst_perimeter float8,
	worst_area float8, worst_smoothness float8, worst_compactness float8, worst_concavity float8, worst_concave_points float8,
	worst_symmetry float8, worst_fractal_dimension float8, diagnosis text);
COPY breast_cancer FROM :'file' (FORMAT csv, HEADER);

\set file :source '/test/data/telco_churn.csv'
CREATE TABLE customers (customer_id text PRIMARY KEY, churn text, female int, senior_citizen int, partner int,
	dependents int, tenure int, phone_service int, multiple_lines text, internet_service text, online_security text,
	online_backup text, device_protection text, tech_support text, streaming_tv text, streaming_movies text, contract text,
	paperless_billing int, payment_method text, monthly_charges float8, total_charges float8);
COPY customers FROM :'file' (FORMAT csv, HEADER);

SELECT (SELECT count(*) FROM iris) AS iris, (SELECT count(*) FROM penguins) AS penguins,
       (SELECT count(*) FROM diabetes) AS diabetes, (SELECT count(*) FROM longley) AS longley, (SELECT count(*) FROM mpg) AS mpg,
       (SELECT count(*) FROM breast_cancer) AS breast_cancer, (SELECT count(*) FROM customers) AS customers;
